from distutils.core import setup

setup(name = "MaKaC",
      # version = "0.2.9" was the last one made by hand
      version = "0.3.0",
      description = "Make a Conference",
      packages = ["MaKaC", "MaKaC.common"],
      data_files = [("images", ["resources/images/logo.txt"])])
