-- known_carriers: shipping providers whose tracking links Wix makes itself.
create or replace macro known_carriers() as ['fedex', 'ups', 'usps', 'dhl', 'canadapost']
