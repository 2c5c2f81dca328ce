CREATE INDEX customer_email ON customer (email);
CREATE INDEX visit_email ON visit (email);
CREATE INDEX service_request_email ON service_request (email);
CREATE INDEX payment_card_customer ON payment_card (customer_id);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX order_item_order ON order_item (order_id);
CREATE INDEX login_customer ON login (customer_id);
