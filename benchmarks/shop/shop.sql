-- A made-up web shop: 100,000 customers, the same at every run (no chance in it), so that figures can be compared.
-- orders, order_item and login are stored in the order of a hash: the rows of one customer lie all over the heap.
-- Customers 1 to 99,999 have 1 address, card, visit and service request, 7 logins, and 3 to 16 orders of one item each.
-- Those above 60,021 whose number leaves 1 when divided by 13 own exactly 20 rows: the light ones.
-- Customer 100,000, heavy@example.com, owns exactly 100,000 rows: 40,000 orders and items, 19,995 logins, and one of each other.
BEGIN;
CREATE TABLE address (id int PRIMARY KEY, house int, street varchar(100), city varchar(100), state varchar(40), zip varchar(20));
CREATE TABLE customer (id int PRIMARY KEY, email varchar(120), name varchar(120), phone varchar(40), created timestamp, address_id int);
CREATE TABLE payment_card (id int PRIMARY KEY, customer_id int, name varchar(120), ccn varchar(32), code smallint, preferred boolean, billing_address_id int);
CREATE TABLE product (id int PRIMARY KEY, name varchar(100), price_cents int);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, shipping_address_id int, payment_card_id int, placed_at timestamp, total_cents int, note varchar(200));
CREATE TABLE order_item (id int PRIMARY KEY, order_id int, product_id int, quantity smallint, gift_message varchar(200));
CREATE TABLE login (id int PRIMARY KEY, customer_id int, at timestamp, ip varchar(45), user_agent varchar(200));
CREATE TABLE visit (id int PRIMARY KEY, email varchar(120), last_visit timestamp);
CREATE TABLE service_request (id int PRIMARY KEY, email varchar(120), alt_email varchar(120), opened date, closed date, text varchar(400));

INSERT INTO product SELECT p, 'Product ' || p, 100 + p * 7 FROM generate_series(1, 1000) p;
INSERT INTO address SELECT c, 1 + c % 250, 'Street ' || (c * 7919) % 5000, 'City ' || c % 700, 'State ' || c % 50, lpad((c % 100000)::text, 5, '0')
  FROM generate_series(1, 100000) c;
INSERT INTO customer SELECT c, CASE WHEN c = 100000 THEN 'heavy@example.com' ELSE 'user' || lpad(c::text, 6, '0') || '@example.com' END,
  'First' || c % 997 || ' Last' || c % 1009, '+1555' || lpad(c::text, 7, '0'), timestamp '2019-01-01' + (c % 2000) * interval '1 day', c
  FROM generate_series(1, 100000) c;
INSERT INTO payment_card SELECT c, c, 'First' || c % 997 || ' Last' || c % 1009, '4' || lpad((c::bigint * 7907)::text, 15, '0'), c % 1000, true, c
  FROM generate_series(1, 100000) c;
INSERT INTO visit SELECT c, email, timestamp '2024-01-01' + (c * 37 % 500000) * interval '1 minute' FROM (SELECT id c, email FROM customer ORDER BY id) s;
INSERT INTO service_request SELECT c, email, CASE WHEN c % 5 = 0 THEN 'alt' || c || '@example.net' END, date '2022-01-01' + c % 900, date '2022-01-08' + c % 900,
  'Customer ' || c || ' writes: my parcel number ' || c * 13 || ' did not arrive, please call me back.' FROM (SELECT id c, email FROM customer ORDER BY id) s;

INSERT INTO orders SELECT row_number() OVER (ORDER BY h, c, k), c, c, c, timestamp '2020-01-01' + ((c * 31 + k * 977) % 2500000) * interval '1 minute', 500 + (c * 17 + k * 29) % 20000,
  'Leave parcel with neighbour ' || (c + k) % 300
  FROM (SELECT c, k, md5('o' || c || '/' || k) h FROM generate_series(1, 100000) c,
        LATERAL generate_series(1, CASE WHEN c = 100000 THEN 40000 ELSE 3 + c % 13 + CASE WHEN c <= 60021 THEN 1 ELSE 0 END END) k) s;
INSERT INTO order_item SELECT row_number() OVER (ORDER BY h, id), id, 1 + id % 1000, 1 + id % 4, 'Happy birthday, friend ' || customer_id
  FROM (SELECT id, customer_id, md5('i' || id) h FROM orders) s;
INSERT INTO login SELECT row_number() OVER (ORDER BY h, c, k), c, timestamp '2023-01-01' + ((c * 41 + k * 1013) % 1200000) * interval '1 minute',
  '10.' || c % 256 || '.' || k % 256 || '.' || (c + k) % 256, 'Mozilla/5.0 (X11; Linux x86_64) Browser/' || k % 90 || '.0'
  FROM (SELECT c, k, md5('l' || c || '/' || k) h FROM generate_series(1, 100000) c,
        LATERAL generate_series(1, CASE WHEN c = 100000 THEN 19995 ELSE 7 END) k) s;

ALTER TABLE customer ADD FOREIGN KEY (address_id) REFERENCES address;
ALTER TABLE payment_card ADD FOREIGN KEY (customer_id) REFERENCES customer, ADD FOREIGN KEY (billing_address_id) REFERENCES address;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customer, ADD FOREIGN KEY (shipping_address_id) REFERENCES address, ADD FOREIGN KEY (payment_card_id) REFERENCES payment_card;
ALTER TABLE order_item ADD FOREIGN KEY (order_id) REFERENCES orders, ADD FOREIGN KEY (product_id) REFERENCES product;
ALTER TABLE login ADD FOREIGN KEY (customer_id) REFERENCES customer;
COMMIT;
