"""Finding what would let a stranger reach somebody outside the site."""

import re
import unicodedata

# Spelled-out forms are matched where both the "at" and the "dot" are, so that "at home" stays a word of the language.
ADDRESS = re.compile(
    r"[\w.+-]+\s*(?:@|[\[({]\s*at\s*[\])}])\s*[\w-]+\s*(?:\.|[\[({]\s*dot\s*[\])}])\s*\w{2,}", re.IGNORECASE
)
SPELLED_ADDRESS = re.compile(r"\b[\w.+-]+ at [\w-]+ dot \w{2,}\b", re.IGNORECASE)
LINK = re.compile(
    r"\b(?:https?://|www\.)\S|\b[\w-]{2,}\.(?:com|org|net|info|biz|io|me|co|app|chat|gg|ly|link|site|uk|de|fr|ca|au|us|eu)\b",
    re.IGNORECASE,
)
HANDLE = re.compile(r"(?<!\w)@\w{3,}")
# A run of digits as phone numbers are written, however they are set apart; a date or a span of years has fewer.
PHONE = re.compile(r"(?<!\w)\+?\d(?:[\s().\-/]{0,3}\d){8,}")
_MESSENGER = (
    r"(?:whats ?app|telegram|tg|insta(?:gram)?|ig|kik|snapchat|discord|skype|threema|wechat|viber|tik ?tok|fetlife)"
)
# The name of a messenger and one's own there. Where no sign or word says that it is one's own, only what no word looks
# like is taken for it: something with a digit or an underscore. Signal, the word, is the subject of this site.
ACCOUNT = re.compile(
    rf"\b{_MESSENGER}(?:\s+{_MESSENGER})?(?:\s*[:=]\s*|\s+(?:I am|I'm|(?:user)?name is|id is)\W+)[\w.]{{3,}}"
    rf"|\b{_MESSENGER}\s+{_MESSENGER}\s+\w{{3,}}"
    rf"|\b(?:{_MESSENGER}|signal|snap|facebook|reddit|twitter)\b(?:\W+\w+){{0,3}}?\W+(?=[^\W\d]\w*[\d_])[\w.]{{3,}}",
    re.IGNORECASE,
)


def has_contact_details(text: str) -> bool:
    """Tell whether the text holds an email address, a link, a handle or a phone number.

    It catches what people write without thinking. Whoever wants to get round it will: listings that somebody reviews
    before they show are what stops that.
    """
    plain = unicodedata.normalize("NFKC", text)
    return any(pattern.search(plain) for pattern in (ADDRESS, SPELLED_ADDRESS, LINK, HANDLE, ACCOUNT, PHONE))
