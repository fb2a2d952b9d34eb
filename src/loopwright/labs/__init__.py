"""Places to work in. Each kind's module has one function, `open_lab`."""
