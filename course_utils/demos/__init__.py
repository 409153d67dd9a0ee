"""What single lessons draw and build for their widgets: a module a lesson."""
