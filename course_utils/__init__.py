"""Small and Clear: the package that every lesson of the course imports."""
