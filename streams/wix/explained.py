"""Wix's refusals in words for a person: what is wrong, and what to do about it. No I/O.

Codes are Wix's own and of mixed case, so they are compared as they are.
"""

from streams.wix.errors import AppRemoved, NotFound, Unauthorized, WixBusy, WixError, WixRefused

COUPONS = {
    "ERROR_COUPON_IS_DISABLED": "The coupon is switched off. Switch it on in the dashboard, or leave it out.",
    "ERROR_COUPON_USAGE_EXCEEDED": "The coupon has been used up. Raise its limit, or leave it out.",
    "ERROR_COUPON_LIMIT_PER_CUSTOMER_EXCEEDED": (
        "This customer has used the coupon as often as one customer may. Leave it out, or make another one."
    ),
    "ERROR_COUPON_IS_NOT_ACTIVE_YET": "The coupon is not valid yet. Wait until it starts, or leave it out.",
    "ERROR_COUPON_HAS_EXPIRED": "The coupon has expired. Prolong it in the dashboard, or leave it out.",
    "ERROR_COUPON_DOES_NOT_EXIST": "The site has no coupon with this code. Compare it with the dashboard.",
    "ERROR_COUPON_NOT_APPLICABLE_FOR_PLAN": "The coupon is not for this plan. Leave it out, or use another.",
    "ERROR_INVALID_SUBTOTAL": "The price is below what the coupon asks for. Leave the coupon out.",
}

_ADDRESS = "Complete the business address in the site's dashboard: taxes are told by it."
CODES = COUPONS | {
    "MEMBER_REQUIRED": "Only a member can buy a plan: name one with --member, or use a member's token.",
    "MEMBER_DOESNT_EXIST": "The site has no member with this id.",
    "member_not_found": "The site has no member with this id.",
    "archived_plan": "The plan is archived, so it can't be bought any more.",
    "purchases_limit_reached": "The buyer has had this plan as often as one buyer may.",
    "buyer_can_not_pick_future_start_date": "This plan starts when it is bought: leave the start date out.",
    "invalid_start_date": "The plan can't start on this date; a start in the past is not taken online.",
    "accept_payment_feature_missing": "The site can't take payments yet: its owner must set them up first.",
    "meta_site_id_missing": "Wix can't tell which site is meant: check --site and the app's credentials.",
    "undefined_not_allowed": "Wix misses a value that it needs. Look at the request, then report it.",
    "MISSING_BUSINESS_ADDRESS_COUNTRY": f"The site's business address has no country. {_ADDRESS}",
    "MISSING_BUSINESS_ADDRESS_STATE": f"The site's business address has no state. {_ADDRESS}",
    "PRICING_PLANS_NOT_INSTALLED": "The site has no Pricing Plans: its owner must add them first.",
    "APP_NOT_INSTALLED": "The site has no Pricing Plans: its owner must add them first.",
    "UNKNOWN_ORDER_METHOD": "Wix does not know this order method: MOTO and POS are the ones there are.",
    "RECURRING_POS_UNSUPPORTED": "A plan that renews itself can't be sold at a point of sale.",
    "invalid_sort_field": "Wix can't sort by this field: createdDate and endDate are the ones there are.",
    "NOT_OWNED_BY_BUSINESS": "The conversation is not one of this site's.",
    "CONVERSATION_NOT_FOUND": "The conversation is gone; it may have been merged into another.",
    "IDENTITY_DOES_NOT_MATCH": "Wix takes such a message only from the one it is from.",
    "INBOX_INSTANCE_NOT_FOUND": "Wix Inbox is not set up on this site.",
    "TRACKING_NUMBER_ALREADY_EXISTS": "A fulfillment has this tracking number already.",
}

_STATUSES = {
    400: "Wix found the request invalid.",
    403: "The app may not do this here: it lacks a permission, or the caller is of the wrong kind.",
    409: "It is there already, or was changed by somebody else meanwhile: look again, then repeat.",
    428: "The order is in no state for this: look at its status, dates and payment.",
}


def explained(error: WixError) -> str:
    """One or two sentences, then Wix's own words, status, code and request id where there are any."""
    return f"{_meaning(error)}{_facts(error)}"


def _meaning(error: WixError) -> str:
    if error.code in CODES:
        return CODES[error.code]
    if isinstance(error, WixBusy) and (error.code == "network" or (error.status or 0) >= 500):
        return "Wix gave us no token, so nothing was sent. Try again in a minute."
    if isinstance(error, WixBusy):
        return "Wix asks us to wait: too many requests for this site. Try again in a minute."
    if isinstance(error, AppRemoved):
        return "Our app is not installed on this site: check the instance id, or install the app there."
    if isinstance(error, Unauthorized):
        return "Wix does not accept the credentials: check app id and secret, API key, or member's token."
    if isinstance(error, NotFound):
        return "Wix has nothing by this id on this site."
    if isinstance(error, WixRefused):
        return _STATUSES.get(error.status or 0, "Wix refused.")
    return "Wix gave no clear answer."


def _facts(error: WixError) -> str:
    fields = getattr(error, "fields", ())
    facts = [
        error.description or "",
        f"fields: {', '.join(fields)}" if fields else "",
        f"status {error.status}" if error.status else "",
        error.code or "",
        f"request {error.request_id}" if error.request_id else "",
    ]
    told = "; ".join(fact for fact in facts if fact)
    return f" ({told})" if told else ""
