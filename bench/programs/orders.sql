-- SPDX-License-Identifier: MIT
-- orders.sql - a small shop in memory: filled, indexed, joined, grouped, changed (sqlite3).
--
-- Table size, made before, has one row n: the number of orders.
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, note TEXT);
CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT, price INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, day TEXT, state TEXT);
CREATE TABLE items (orders INTEGER, product INTEGER, amount INTEGER, remark TEXT);

BEGIN;
WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < (SELECT n / 10 FROM size))
INSERT INTO customers
    SELECT n, printf('customer %d of %x', n, n * 7919 % 65521), printf('city %d', n * 7901 % 97),
        substr('a note that is long for some and short for others, as notes are', 1, n * 7907 % 64) FROM i;
WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 500)
INSERT INTO products SELECT n, printf('product %x', n * 104729 % 65521), n * 7907 % 9973 + 1 FROM i;
WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < (SELECT n FROM size))
INSERT INTO orders
    SELECT n, (n * 2654435761 >> 7) % (SELECT n / 10 FROM size) + 1,
        date('2024-01-01', printf('%d days', (n * 48271 >> 3) % 365)),
        CASE (n * 69621 >> 5) % 5 WHEN 0 THEN 'open' WHEN 1 THEN 'returned' ELSE 'sent' END FROM i;
INSERT INTO items
    SELECT o.id, (o.id * (a.value * 104729 + 7) >> 4) % 500 + 1, o.id * 7919 % (a.value + 2) + 1,
        CASE WHEN o.id % 7 = 0 THEN printf('wrapped as %x', o.id * 69621 % 2147483647) END
    FROM orders o, json_each('[1,2,3]') a WHERE o.id % (a.value + 1) > 0;
COMMIT;

CREATE INDEX orders_customer ON orders (customer, day);
CREATE INDEX items_orders ON items (orders);
CREATE INDEX items_product ON items (product, amount);
ANALYZE;

SELECT c.city, count(DISTINCT c.id), count(*), sum(i.amount * p.price)
    FROM customers c JOIN orders o ON o.customer = c.id JOIN items i ON i.orders = o.id
    JOIN products p ON p.id = i.product
    WHERE o.state <> 'returned' GROUP BY c.city ORDER BY 4 DESC, 1 LIMIT 10;
SELECT substr(o.day, 1, 7) AS month, o.state, count(*), group_concat(DISTINCT o.customer % 10)
    FROM orders o GROUP BY month, o.state ORDER BY month, o.state LIMIT 12;
SELECT title, sum(amount) AS sold, rank() OVER (ORDER BY sum(amount) DESC, title) AS place
    FROM products JOIN items ON product = products.id GROUP BY title ORDER BY place LIMIT 10;
SELECT count(*), sum(length(text)) FROM (
    SELECT o.customer, group_concat(coalesce(i.remark, '-') || ':' || i.amount, ';') AS text
    FROM orders o JOIN items i ON i.orders = o.id GROUP BY o.customer);

BEGIN;
UPDATE orders SET state = 'sent', day = date(day, '+3 days') WHERE state = 'open' AND id % 3 = 0;
UPDATE customers SET note = note || ' ' || (SELECT count(*) FROM orders WHERE customer = customers.id);
DELETE FROM items WHERE orders IN (SELECT id FROM orders WHERE state = 'returned');
COMMIT;
SELECT count(*), sum(length(note)) FROM customers;
SELECT count(*), sum(amount) FROM items;
PRAGMA integrity_check;
