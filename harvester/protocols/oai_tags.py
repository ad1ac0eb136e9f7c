"""The names of OAI-PMH 2.0, as a parser gives them."""

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RECORD, HEADER, METADATA = OAI + "record", OAI + "header", OAI + "metadata"
IDENTIFIER, DATESTAMP, SET = OAI + "identifier", OAI + "datestamp", OAI + "setSpec"
TOKEN = OAI + "resumptionToken"
