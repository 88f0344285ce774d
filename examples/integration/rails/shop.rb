# What the shop shows of the customers of a city.
require "active_record"

class Customer < ActiveRecord::Base
  has_many :orders
end

class Order < ActiveRecord::Base
  belongs_to :customer
end

module Shop
  def self.spent_in(city)
    Customer.where(city: city).order(:name).preload(:orders).map { |customer| [customer.name, customer.orders.sum(&:amount)] }
  end
end
