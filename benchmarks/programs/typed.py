"""The command line of cli.py with a model of pydantic, whose core is a native wheel; works without it."""

import cli

try:
    import pydantic
except ImportError:  # where no addon can be loaded
    pydantic = None

if __name__ == "__main__":
    cli.main()
    if pydantic is not None:

        class Answer(pydantic.BaseModel):
            number: int

        print(Answer.model_validate_json('{"number": "42"}').number)
