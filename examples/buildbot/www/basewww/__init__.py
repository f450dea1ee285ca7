# The master opens its HTTP port only where something is the base of its pages. Debian packages
# none: this one is empty, and leaves the REST interface, which Buildbot itself brings.
from buildbot.www.plugin import Application

ep = Application(__name__, 'empty pages', ui=False)
