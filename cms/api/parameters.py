"""What operations take and give everywhere."""

from typing import Annotated

from pydantic import Field

# PostgreSQL stores no NUL; nothing that can be looked for has one.
Text = Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")]
