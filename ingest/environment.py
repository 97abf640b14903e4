"""How settings are read from the environment and `.env`, and the kinds that several of them are of."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import SettingsConfigDict

# The sentence under each setting is its description: --help, .env.example and the README print it.
# What is wrong with one is said without its value, which may be a secret.
ENVIRONMENT = SettingsConfigDict(
    env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
)

# `SITES_FILE=` means none, as everywhere else; a path of its own would be this folder.
OptionalPath = Annotated[Path | None, BeforeValidator(lambda given: given or None)]

Port = Annotated[int, Field(ge=0, le=65535)]
