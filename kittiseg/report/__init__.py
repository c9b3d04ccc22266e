"""REPORT: tables, charts and pictures on one HTML page that needs nothing beside itself."""
