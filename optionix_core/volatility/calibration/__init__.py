"""Models fitted to quotes: `engine.CalibrationEngine`, and what it takes and gives."""
