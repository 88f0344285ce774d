# The tests of the shop, on the database that libpq's environment names.
require "minitest/autorun"
require_relative "shop"

ActiveRecord::Base.establish_connection(adapter: "postgresql", variables: { application_name: "shop" })
require_relative "schema"

class ShopTest < Minitest::Test
  def test_customers_of_a_city
    customers = Shop.spent_in("city 7")
    assert_equal 50, customers.size
    assert(customers.all? { |_name, spent| spent.positive? })
  end

  def test_city_without_customers
    assert_empty Shop.spent_in("nowhere")
  end
end
