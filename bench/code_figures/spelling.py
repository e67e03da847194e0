"""British spellings, and the American ones that this repository writes."""

import re
from collections.abc import Iterator

# stems of verbs in -ise and their nouns: organise, organisation
_ISE = """
anonymis apologis authoris capitalis categoris centralis characteris containeris criticis customis
crystallis equalis familiaris finalis formalis generalis harmonis initialis internationalis itemis
localis materialis maximis memoris minimis modernis neutralis normalis optimis organis parametris
penalis personalis prioritis pseudonymis quantis randomis realis recognis sanitis serialis
specialis stabilis standardis summaris symbolis synchronis tokenis utilis visualis
""".split()  # noqa: SIM905
_YSE = ("analys", "catalys", "paralys")
# stems that double an l before an ending: cancelled, labelling
_DOUBLED = """
cancel channel dial equal fuel initial label level marshal model signal spiral total travel tunnel
unravel
""".split()  # noqa: SIM905
_OUR = """
armour behaviour colour endeavour favour flavour honour humour labour neighbour rumour saviour
vapour
""".split()  # noqa: SIM905
_WORDS = {
    "acknowledgement": "acknowledgment",
    "ageing": "aging",
    "amongst": "among",
    "analogue": "analog",
    "artefact": "artifact",
    "catalogue": "catalog",
    "centre": "center",
    "cheque": "check",
    "cosy": "cozy",
    "defence": "defense",
    "draught": "draft",
    "enquiry": "inquiry",
    "enrol": "enroll",
    "enrols": "enrolls",
    "enrolment": "enrollment",
    "fibre": "fiber",
    "fulfil": "fulfill",
    "fulfils": "fulfills",
    "fulfilment": "fulfillment",
    "grey": "gray",
    "instalment": "installment",
    "judgement": "judgment",
    "learnt": "learned",
    "licence": "license",
    "litre": "liter",
    "manoeuvre": "maneuver",
    "metre": "meter",
    "misspelt": "misspelled",
    "offence": "offense",
    "pretence": "pretense",
    "practise": "practice",
    "practised": "practiced",
    "programme": "program",
    "sceptic": "skeptic",
    "sceptical": "skeptical",
    "skilful": "skillful",
    "spelt": "spelled",
    "theatre": "theater",
    "whilst": "while",
}
_PREFIX = "(?:de|dis|mis|non|over|re|un|under)?"
_RULES = (
    (rf"({_PREFIX}(?:{'|'.join(_ISE)}))", r"(e|es|ed|er|ers|ing|ation|ations|able)", "is", "iz"),
    (rf"({'|'.join(_YSE)})", r"(e|es|ed|er|ers|ing)(?<!analyses)", "ys", "yz"),
    (rf"({_PREFIX}(?:{'|'.join(_DOUBLED)})l)", r"(ed|er|ers|ing|ings)", "ll", "l"),
    (rf"({_PREFIX}(?:{'|'.join(_OUR)}))", r"(|s|ed|ing|able|ite|ites|hood|less|ly)", "our", "or"),
    (rf"({'|'.join(_WORDS)})", "(s?)", "", ""),
)
_BRITISH = [
    (re.compile(rf"\b{stem}{ending}\b", re.IGNORECASE), old, new)
    for stem, ending, old, new in _RULES
]
# names and addresses are not prose
_NOT_PROSE = re.compile(
    r"```.*?```|``[^`]+``|`[^`\n]+`|https?://\S+|<style>.*?</style>|\{\{.*?\}\}|\{%.*?%\}"
    r"|'\w+'|^[ \t]*\w+[ \t]*=|\b(?:class|id|name|href|for)=\"[^\"]*\"|[\w./-]*[_/.][\w./-]*\w",
    re.DOTALL | re.MULTILINE,
)


def british(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the place of each British word in the text's prose, the word and the American one."""
    if not any(pattern.search(text) for pattern, _, _ in _BRITISH):  # the usual case, and quick
        return
    prose = _NOT_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for pattern, old, new in _BRITISH:
        for match in pattern.finditer(prose):
            yield match.start(), match[0], _american(match, old, new)


def american(text: str) -> str:
    """Return the text with the words of its prose in American spelling."""
    for start, word, better in sorted(british(text), reverse=True):
        text = text[:start] + better + text[start + len(word) :]
    return text


def _american(match: re.Match[str], old: str, new: str) -> str:
    stem, ending = match[1], match[2]
    if not old:
        word = _WORDS[stem.lower()] + ending
        return word.capitalize() if stem[0].isupper() else word
    return stem[: len(stem) - len(old)] + new + ending
