"""To be written."""


def add(cases):
    pass
