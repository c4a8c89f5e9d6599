def greet():
    return "hallo"
