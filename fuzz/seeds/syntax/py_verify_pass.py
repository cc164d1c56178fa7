0def verify(quote, expected):
    if quote.mrtd != expected:
        pass
    return True
