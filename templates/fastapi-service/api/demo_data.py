"""Fill the development database from every `api/*/demo_data.py` (`just demo-data`)."""

from chassis.fastapi.data.demo_data import run

from api.settings import Settings

if __name__ == "__main__":
    run("api", Settings.load())
