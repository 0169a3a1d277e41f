"""What users work with: scenario, results, sweep, tables, publishing and export."""
