"""The site itself: its properties, and the app's instance on it."""

from sandbox.wix_api.business import PropertiesRequest
from sandbox.wix_api.call import Call, Endpoint
from sandbox.wix_api.wire import JsonObject, Wire


class NoQuery(Wire):
    """Query of a call that asks for nothing in particular."""


def get_properties(call: Call) -> JsonObject:
    """Time zone, currency, language, opening hours and so on."""
    paths = call.asked(PropertiesRequest).fields.paths
    return call.site.business.properties(call.site.name, paths)


def get_instance(call: Call) -> JsonObject:
    """The app as it is installed here, with what it may do, and the site in short."""
    call.asked(NoQuery)
    site, business = call.site, call.site.business
    return {
        "instance": {
            "instanceId": site.instance_id,
            "appName": "Orderline",
            "appVersion": "1.0.0",
            "isFree": True,
            "permissions": sorted(call.world.permissions - site.denied),
        },
        "site": {
            "siteId": site.instance_id,
            "siteDisplayName": site.name,
            "locale": business.language,
            "paymentCurrency": business.payment_currency,
            "multilingual": {"isMultiLingual": False},
            "ownerEmail": business.email,
            "installedWixApps": ["ecommerce", "members", *(["pricing_plans"] if site.has_plans else [])],
        },
    }


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/site-properties/v4/properties",
        permission="SITE_PROPERTIES.VIEW",
        handler=get_properties,
    ),
    Endpoint(
        method="GET",
        path="/apps/v1/instance",
        permission="APP_INSTANCE.READ_BASIC_INFO",
        handler=get_instance,
    ),
)
