"""The page: a client of the services and of the API, nothing more. docs/page.md tells its rules."""

from fastapi import APIRouter

from app.web import assets, home, pictures, request_page, sample, sign_in

router = APIRouter(include_in_schema=False)
for module in (home, request_page, pictures, sign_in, sample, assets):
    router.include_router(module.router)
