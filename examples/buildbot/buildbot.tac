# /var/lib/buildbot/buildbot.tac, written once for each host. `buildbot create-master` makes one
# that names a configuration file; here the code that runs brings its configuration along, so that
# code and configuration are always of one release.
import os

import buildbot
from buildbot.master import BuildMaster
from twisted.application import service
from twisted.python.log import FileLogObserver, ILogObserver
from twisted.python.logfile import LogFile

basedir = '/var/lib/buildbot'
release = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(buildbot.__file__))))
configfile = os.path.join(release, 'master.cfg')
umask = 0o027

application = service.Application('buildmaster')
logfile = LogFile.fromFullPath(os.path.join(basedir, 'twistd.log'), rotateLength=10_000_000,
                               maxRotatedFiles=10)
application.setComponent(ILogObserver, FileLogObserver(logfile).emit)
master = BuildMaster(basedir, configfile, umask)
master.setServiceParent(application)
