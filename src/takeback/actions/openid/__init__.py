"""
An identity provider, asked by OpenID Connect: authorization code flow with PKCE, and nothing else.

`metadata.py` says where it is asked, `id_token.py` what of its answer is believed, `provider.py` asks it.
"""
