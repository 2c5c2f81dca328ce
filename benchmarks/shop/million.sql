-- One person with a million rows of eight columns.
CREATE TABLE reading AS
SELECT n AS id, 'million@example.com'::text AS email, timestamptz '2024-01-01 00:00+00' + n * interval '37 seconds' AS at,
  'Pixel ' || n % 9 AS device, (ARRAY['page_view', 'feature', 'compute', 'crash'])[1 + n % 4] AS kind,
  '/create/' || n % 500 AS page, (n::bigint * 7919 % 100000)::numeric / 100 AS amount, 'Reading ' || n || ' of a long series' AS note
  FROM generate_series(1, 1000000) n;
ALTER TABLE reading ADD PRIMARY KEY (id);
CREATE INDEX reading_email ON reading (email);
