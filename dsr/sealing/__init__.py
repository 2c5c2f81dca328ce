"""Keys and authenticated encryption: fields by AES-256-GCM, files by age, look-up by keyed hash."""
