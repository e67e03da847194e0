"""Create an account with every permission (`just admin you@example.com`)."""

from chassis.fastapi.accounts.administrator import make_administrator

from api.main import app

if __name__ == "__main__":
    make_administrator(app)
