"""pytest-eximsim: YAML scenarios that test your own HAProxy and Exim configuration against a real HAProxy and a simulated, Exim-compatible MTA."""

__version__ = "0.1.0"
__all__ = ["__version__"]
