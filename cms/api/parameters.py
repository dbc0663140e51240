"""What operations take and give everywhere."""

from typing import Annotated

from pydantic import Field

# PostgreSQL stores no NUL; nothing that can be looked for has one.
Text = Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")]
# As addresses are written, with six characters for one Cyrillic letter.
Address = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
