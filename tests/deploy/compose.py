"""Prints docker-compose.yml as JSON, with the variables of the environment filled in, after the specification's parser has accepted it.

Ends with 1, and says why, when a variable is missing or something is not as the specification has it.
"""

import json
import os
import sys

import yaml
from compose_spec import PyCompose
from podman_compose import rec_subs

with open(sys.argv[1]) as file:
    text = file.read()
try:
    filled = rec_subs(yaml.safe_load(text), dict(os.environ))
    for name in [name for name in filled if name.startswith("x-")]:
        del filled[name]
    composition = PyCompose.from_yaml(yaml.safe_dump(filled))
    composition.validate()
except (RuntimeError, ValueError) as error:
    sys.exit(str(error))
print(json.dumps(filled))
