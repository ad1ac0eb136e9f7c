"""accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def words(length: int | None = None) -> sa.types.TypeEngine[str]:
    """Text that is compared and sorted by code points on both databases."""
    return (sa.String(length) if length else sa.Text()).with_variant(sa.Text(collation="C"), "postgresql")


def account(table: str) -> list[sa.schema.SchemaItem]:
    """The column that says whose a row is."""
    key = f"fk_{table}_account_accounts"
    return [
        sa.Column("account", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.number"], name=op.f(key), ondelete="CASCADE"),
    ]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "accounts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("email", words(254), nullable=False),
        sa.Column("name", words(200), nullable=False),
        sa.Column("operator", sa.Boolean(), nullable=False),
        sa.Column("lang", words(10), nullable=False),
        sa.Column("password", words(200), nullable=False),
        sa.Column("totp", words(400), nullable=False),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("created_at", words(32), nullable=False),
        sa.Column("disabled_at", words(32), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "memberships",
        *account("memberships"),
        sa.Column("institution", words(200), nullable=False),
        sa.Column("role", words(20), nullable=False),
        sa.PrimaryKeyConstraint("account", "institution", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_institution"), "memberships", ["institution"])
    op.create_table(
        "logins",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        *account("logins"),
        sa.Column("created_at", words(32), nullable=False),
        sa.Column("seen_at", words(32), nullable=False),
        sa.Column("expires_at", words(32), nullable=False),
        sa.Column("confirmed_at", words(32), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_logins")),
    )
    op.create_index(op.f("ix_logins_account"), "logins", ["account"])
    op.create_table(
        "links",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", words(20), nullable=False),
        sa.Column("email", words(254), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", words(32), nullable=False),
        sa.Column("used_at", words(32), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_links")),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", words(32), nullable=False),
        sa.Column("actor", words(254), nullable=False),
        sa.Column("action", words(60), nullable=False),
        sa.Column("thing", words(), nullable=False),
        sa.Column("institution", words(200), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_institution_number", "audit", ["institution", "number"])
    op.create_table(
        "registrations",
        sa.Column("id", words(20), nullable=False),
        sa.Column("feed", sa.LargeBinary(length=16), nullable=True),
        sa.Column("state", words(20), nullable=False),
        *account("registrations"),
        sa.Column("source", words(200), nullable=False),
        sa.Column("reason", words(), nullable=False),
        sa.Column("proposal", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", words(32), nullable=False),
        sa.Column("changed_at", words(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("feed", name=op.f("uq_registrations_feed")),
    )
    op.create_index(op.f("ix_registrations_account"), "registrations", ["account"])
    op.create_index(op.f("ix_registrations_state"), "registrations", ["state"])
    op.create_table(
        "proofs",
        sa.Column("registration", words(20), nullable=False),
        sa.Column("way", words(20), nullable=False),
        sa.Column("fits", sa.Boolean(), nullable=False),
        sa.Column("checked_at", words(32), nullable=False),
        sa.Column("detail", words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration"],
            ["registrations.id"],
            name=op.f("fk_proofs_registration_registrations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration", "way", name=op.f("pk_proofs")),
    )
    op.create_table(
        "trials",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", words(20), nullable=False),
        sa.Column("location", words(), nullable=False),
        sa.Column("probe", sa.LargeBinary(), nullable=False),
        sa.Column("steps", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", words(32), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_trials")),
    )
    op.create_index(op.f("ix_trials_created_at"), "trials", ["created_at"])


def downgrade() -> None:
    """Undo."""
    for table in ("trials", "proofs", "registrations", "audit", "links", "logins", "memberships", "accounts"):
        op.drop_table(table)
