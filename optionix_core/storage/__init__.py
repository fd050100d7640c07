"""Tables, migrations, the home's lock and the store behind the rooms' protocols."""
