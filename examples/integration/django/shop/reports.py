"""What the shop shows of the customers of a city."""
from shop.models import Customer


def spent_in(city):
    customers = Customer.objects.filter(city=city).order_by("name").prefetch_related("orders")
    return [(customer.name, sum(order.amount for order in customer.orders.all())) for customer in customers]
