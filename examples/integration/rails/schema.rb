# The tables of the shop, and rows enough for the planner to choose as it would in production.
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table :customers, force: :cascade do |t|
    t.text :name, null: false
    t.text :city, null: false, index: true
  end
  create_table :orders, force: :cascade do |t|
    t.references :customer, null: false, foreign_key: true
    t.integer :amount, null: false
  end
  execute "INSERT INTO customers SELECT n, 'customer ' || n, 'city ' || n % 100 FROM generate_series(1, 5000) AS n"
  execute "INSERT INTO orders SELECT n, 1 + n % 5000, n % 97 FROM generate_series(1, 20000) AS n"
  execute "ANALYZE customers, orders"
end
