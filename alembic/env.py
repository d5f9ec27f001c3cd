"""How Alembic reaches the database: app.db.migrate hands a connection in, or the settings say."""

from sqlalchemy import Connection

from alembic import context
from app.config import settings
from app.db.engine import Database
from app.db.models import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        # SQLite cannot alter most things in place; Alembic copies the table instead.
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    run(handed_in)
else:
    database = Database(settings().sqlalchemy_url)
    with database.transaction() as own:
        run(own)
    database.close()
