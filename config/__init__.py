"""What an operator may set: the environment (``settings``), and numbers and maps as YAML files (``load``)."""
