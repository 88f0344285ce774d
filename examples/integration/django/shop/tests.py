from django.db import connection
from django.test import TestCase

from shop.models import Customer, Order
from shop.reports import spent_in


class SpentIn(TestCase):
    @classmethod
    def setUpTestData(cls):
        customers = Customer.objects.bulk_create(Customer(name=f"customer {n}", city=f"city {n % 100}") for n in range(5000))
        Order.objects.bulk_create(Order(customer=customers[n % 5000], amount=n % 97) for n in range(20000))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def test_customers_of_a_city(self):
        customers = spent_in("city 7")
        self.assertEqual(len(customers), 50)
        self.assertTrue(all(spent > 0 for name, spent in customers))

    def test_city_without_customers(self):
        self.assertEqual(spent_in("nowhere"), [])
