"""Publisher, contact, creators and licence, which every node of a catalogue has.

All are taken from the settings; for a missing key, defaults that invent nothing are used.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.nodes import GraphBuilder, named, typed
from twingraph.rdf.authority import (
    DE_LICENCES,
    EU,
    LICENCE_TYPES,
    PUBLISHER_KINDS,
    PUBLISHER_TYPES,
    licence_of,
)
from twingraph.settings import Settings

_PERSON: Final = "PrivateIndividual(s)"
PAGE: Final = "en/data.html"


def publisher_name(settings: Settings) -> str:
    """Return the name of the publisher: from the settings, else the host of the base IRI."""
    return settings.publisher or urlsplit(settings.base_iri).netloc


def publisher_iri(settings: Settings) -> str:
    """Return the IRI of the publisher: from the settings, else one under the base IRI."""
    return settings.about.publisher_iri or f"{settings.base_iri}catalog#publisher"


def add_publisher(builder: GraphBuilder, settings: Settings) -> NamedNode:
    """Add the publisher."""
    about = settings.about
    homepage = about.publisher_homepage
    return builder.add(
        publisher_iri(settings),
        {
            "a": named("foaf:Agent"),
            "foaf:name": Literal(publisher_name(settings)),
            "foaf:homepage": builder.page(homepage, {}) if homepage else None,
            "dct:type": _kind(builder, about.publisher_type),
        },
    )


def _kind(builder: GraphBuilder, code: str) -> NamedNode | None:
    if not code:
        return None
    iri = f"http://purl.org/adms/publishertype/{code}"
    return builder.code(PUBLISHER_TYPES, iri, PUBLISHER_KINDS[code], note="ADMS publisher types")


def add_contact(builder: GraphBuilder, settings: Settings) -> NamedNode:
    """Add the contact point: from the settings, else the publisher with the page about the data."""
    contact = settings.about.contact
    url = contact.url or ("" if contact.email else settings.public_address + PAGE)
    return builder.add(
        f"{settings.base_iri}catalog#contact",
        {
            "a": [named("vcard:Kind"), named("vcard:Organization")],
            "vcard:fn": Literal(contact.name or publisher_name(settings)),
            "vcard:hasEmail": NamedNode(f"mailto:{contact.email}") if contact.email else None,
            "vcard:hasURL": NamedNode(url) if url else None,
        },
    )


def add_creators(builder: GraphBuilder, settings: Settings) -> list[NamedNode]:
    """Add the creators, each by ORCID iD or an IRI of ours."""
    creators = []
    for number, each_creator in enumerate(settings.about.creators, 1):
        own = f"{settings.base_iri}catalog#creator-{number}"
        iri = f"https://orcid.org/{each_creator.orcid}" if each_creator.orcid else own
        name = Literal(each_creator.name)
        creators.append(
            builder.add(
                iri,
                {"a": named("foaf:Agent"), "foaf:name": name, "dct:type": _kind(builder, _PERSON)},
            )
        )
    return creators


def add_licence(builder: GraphBuilder, settings: Settings, profile: str) -> NamedNode:
    """Add the licence of the data under the name that the readers of `profile` look it up by.

    CKAN finds it by its title, so that the title is the one in CKAN's register.
    """
    known = licence_of(settings.licence)
    document = {"a": named("dct:LicenseDocument")}
    if known is None:
        name = Literal(settings.licence)
        return builder.add(settings.licence, {**document, "dct:title": name, "rdfs:label": name})
    names = {"eu": f"{EU}licence/{known.eu}", "de": f"{DE_LICENCES}/{known.de}"}
    others = [NamedNode(each_name) for key, each_name in names.items() if key != profile]
    kind = builder.code(
        LICENCE_TYPES, f"http://purl.org/adms/licencetype/{known.kind}", known.kind_labels,
        note="ADMS licence types",
    )  # fmt: skip
    title = "DCAT-AP.de" if profile == "de" else "EU authority table licence"
    scheme = DE_LICENCES if profile == "de" else f"{EU}licence"
    node = builder.code(scheme, names[profile], (known.name, known.name), note=title)
    return builder.add(
        node.value,
        {
            **document,
            "dct:title": Literal(known.ckan),
            "rdfs:label": Literal(known.ckan),  # udata reads no other name of a licence
            "dct:type": kind,
            "dct:identifier": Literal(known.eu if profile == "eu" else known.de),
            "skos:exactMatch": [NamedNode(settings.licence), *others],
            "foaf:homepage": builder.page(settings.licence, {}),
        },
    )


def add_rights(builder: GraphBuilder, settings: Settings) -> NamedNode:
    """Add a rights statement: what may be done with the data."""
    known = licence_of(settings.licence)
    name = known.name if known else settings.licence
    free = known is not None and known.kind == "PublicDomain"
    words = {
        "en": f"Free to use for any purpose, without conditions: {name}." if free
        else f"Free to use on the terms of {name}.",
        "de": f"Frei verwendbar für jeden Zweck, ohne Bedingungen: {name}." if free
        else f"Frei verwendbar nach den Bedingungen von {name}.",
    }  # fmt: skip
    if known is None:
        words = {"en": f"Licence: {name}", "de": f"Lizenz: {name}"}
    labels = [Literal(text, language=tag) for tag, text in words.items()]
    return builder.add(
        f"{settings.base_iri}catalog#rights",
        {
            "a": named("dct:RightsStatement"),
            "rdfs:label": labels,
            "dct:description": labels,
        },
    )


def add_doi(builder: GraphBuilder, settings: Settings) -> NamedNode | None:
    """Add the DOI of the deposit, if there is one."""
    doi = settings.about.doi
    if not doi:
        return None
    return builder.add(
        f"{settings.base_iri}catalog#doi",
        {
            "a": named("adms:Identifier"),
            "skos:notation": typed(f"https://doi.org/{doi}", "xsd:anyURI"),
            "adms:schemaAgency": Literal("DOI"),
        },
    )
