"""Reports as values, and how they are written: Markdown, HTML, CSV and JSON of the same facts."""
