"""The server-rendered pages. They use the same functions as the API, never queries of their own."""
