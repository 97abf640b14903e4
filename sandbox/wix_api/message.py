"""What a message of Wix's inbox may hold, and how long each part may be. No I/O."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sandbox.wix_api.wire import Flag, WebUrl, Wire

Channel = Literal["UNKNOWN_CHANNEL_TYPE", "CHAT", "EMAIL", "SMS", "FACEBOOK", "INSTAGRAM", "WHATSAPP"]
Direction = Literal["BUSINESS_TO_PARTICIPANT", "PARTICIPANT_TO_BUSINESS"]
Visibility = Literal["BUSINESS_AND_PARTICIPANT", "BUSINESS"]

_KINDS = ("basic", "template", "minimal", "form")


class _Image(Wire):
    url: WebUrl
    width: float | None = None
    height: float | None = None


class _File(Wire):
    url: WebUrl
    name: str | None = None
    mime_type: str | None = None
    size_in_bytes: int | None = None


class _Item(Wire):
    text: Annotated[str, Field(min_length=1, max_length=16384)] | None = None
    image: _Image | None = None
    file: _File | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len([part for part in (self.text, self.image, self.file) if part is not None]) != 1:
            raise ValueError("needs exactly one of text, image and file")
        return self


class _Basic(Wire):
    items: list[_Item] = Field(min_length=1)


class _Postback(Wire):
    app_id: str | None = None
    interaction_id: str | None = None


class _Button(Wire):
    label: str
    postback_properties: _Postback | None = None
    redirect_properties: dict[str, str] | None = None


class _Template(Wire):
    title: str | None = None
    image_url: WebUrl | None = None
    text_lines: list[str] = Field(default_factory=list)
    buttons: list[_Button] = Field(default_factory=list, max_length=10)
    orientation: Literal["PORTRAIT", "LANDSCAPE"] = "PORTRAIT"


class _Minimal(Wire):
    text: str
    icon_url: WebUrl | None = None


class _FormField(Wire):
    name: str
    value: str


class _Form(Wire):
    title: str | None = None
    description: str | None = None
    fields: list[_FormField] = Field(default_factory=list)
    media: list[_Image] = Field(default_factory=list)


class Content(Wire):
    """A preview and exactly one kind of content; `system` is Wix's own."""

    preview_text: Annotated[str, Field(max_length=256)] | None = None
    title: str | None = None
    basic: _Basic | None = None
    template: _Template | None = None
    minimal: _Minimal | None = None
    form: _Form | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len([kind for kind in _KINDS if getattr(self, kind) is not None]) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_KINDS)}")
        return self


class _Badge(Wire):
    text: str
    badge_visibility: Visibility | None = None
    icon_url: WebUrl | None = None


class Message(Wire):
    """A message to send: one badge and one target channel at most.

    The channel fields are deprecated in favour of the channel ids; both are read.
    """

    content: Content
    direction: Direction
    visibility: Visibility
    badges: list[_Badge] = Field(default_factory=list, max_length=1)
    target_channels: list[Channel] = Field(default_factory=list, max_length=1)
    source_channel: Channel = "UNKNOWN_CHANNEL_TYPE"
    target_channel_ids: list[Annotated[str, Field(max_length=100)]] = Field(
        default_factory=list, max_length=1
    )
    source_channel_id: Annotated[str, Field(max_length=100)] | None = None
    silent: Flag = False
