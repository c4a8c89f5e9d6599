def greet():
    return "salut"
