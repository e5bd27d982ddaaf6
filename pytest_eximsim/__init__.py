"""pytest-eximsim: YAML scenarios for your own HAProxy and Exim configuration, with a real HAProxy and a simulated, Exim-compatible MTA."""

__version__ = "0.1.0"
__all__ = ["__version__"]
