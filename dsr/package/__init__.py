"""What the data subject receives. Knows no tables: everything comes in as an Answer and streams of records."""
