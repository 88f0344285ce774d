from django.db import models


class Customer(models.Model):
    name = models.TextField()
    city = models.TextField(db_index=True)


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    amount = models.IntegerField()
