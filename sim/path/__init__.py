"""What happens to a message: what each server on its way sees, answers and does with it."""
